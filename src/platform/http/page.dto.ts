import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

const MAX_PAGE_SIZE = 1000;
const MAX_LIST_LIMIT = 100;
const MAX_WAIT_SECONDS = 3600;

/** `?wait=`: how long the answer may be held back until the work is done. */
export class WaitDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'Wait so many seconds for the end (as the header `Prefer: wait=N`; capped by the server).',
    example: 20,
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MAX_WAIT_SECONDS)
  wait?: number;
}

/** `?page=&page_size=`: pages of rows, counted from 0. */
export class PageDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, default: 0, description: 'Page of rows, from 0.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Math.floor(Number.MAX_SAFE_INTEGER / MAX_PAGE_SIZE))
  page = 0;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE, default: 10 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  page_size = 10;
}

/** `?cursor=&limit=`: lists that go on from where the last answer ended. */
export class CursorDto {
  @ApiPropertyOptional({ description: 'Where to go on: `next_cursor` of the answer before.' })
  @IsOptional()
  @IsString()
  cursor?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIST_LIMIT, default: 20 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIST_LIMIT)
  limit = 20;
}
