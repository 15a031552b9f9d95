import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { ValidationFailed } from '../../common/errors.js';
import { isObject } from '../../common/is-object.js';
import { SourceFormat } from '../dataset.js';
import type { ImportOptions } from '../import/import-job.js';

const TAB = 'tab';
const ONE_CHARACTER = /^(?:[!-~ \t]|tab)$/;
const AT_MOST_ONE_CHARACTER = /^[!-~]?$/;

/** How a file is to be read. What is left out is found by looking at the file. */
export class UploadQueryDto {
  @ApiPropertyOptional({ enum: Object.values(SourceFormat), description: 'Default: Content-Type, file name, bytes.' })
  @IsOptional()
  @IsIn(Object.values(SourceFormat))
  format?: SourceFormat;

  @ApiPropertyOptional({
    description: 'JSON object of column name to SQL type, for columns whose type is not to be guessed.',
    example: '{"store_id": "VARCHAR"}',
  })
  @IsOptional()
  @IsString()
  types?: string;

  @ApiPropertyOptional({ description: 'CSV: one character, or `tab`.', example: ';' })
  @IsOptional()
  @Matches(ONE_CHARACTER, { message: 'must be one ASCII character, or tab' })
  delimiter?: string;

  @ApiPropertyOptional({ description: 'CSV: one character; empty when nothing is quoted.', example: '"' })
  @IsOptional()
  @Matches(AT_MOST_ONE_CHARACTER, { message: 'must be one ASCII character, or empty' })
  quote?: string;

  @ApiPropertyOptional({ enum: ['true', 'false'], description: 'CSV: whether the first record has the names.' })
  @IsOptional()
  @IsIn(['true', 'false'])
  header?: 'true' | 'false';

  @ApiPropertyOptional({ description: 'CSV: a text that means NULL beside the empty one.', example: '\\N' })
  @IsOptional()
  @IsString()
  null_text?: string;
}

/** Throws `ValidationFailed` when `types` is not an object of texts, or the delimiter is the quote. */
export function toImportOptions(query: UploadQueryDto): ImportOptions {
  const delimiter = query.delimiter === TAB ? '\t' : query.delimiter;
  if (delimiter !== undefined && delimiter === (query.quote ?? '"')) {
    throw ValidationFailed.at('/delimiter', 'must not be the quote');
  }
  const header = query.header === undefined ? undefined : query.header === 'true';
  return {
    csv: { delimiter, quote: query.quote, header, nullText: query.null_text },
    types: parseTypes(query.types),
  };
}

function parseTypes(text: string | undefined): Record<string, string> {
  if (text === undefined || text === '') return {};
  const refused = ValidationFailed.at('/types', 'must be a JSON object of column name to SQL type');
  const types = parseJson(text, refused);
  if (!isObject(types)) throw refused;
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => {
      if (typeof type !== 'string') throw refused;
      return [name, type];
    }),
  );
}

function parseJson(text: string, refused: ValidationFailed): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw refused;
    throw error;
  }
}
