import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ErrorCode } from '../../common/errors.js';
import { PROBLEM_JSON, PROBLEMS, problemOf, type Problem } from './problem.js';

export class ErrorPlaceDto {
  @ApiPropertyOptional({ description: 'RFC 6901 JSON Pointer into the body.', example: '/limit' })
  pointer?: string;

  @ApiPropertyOptional({ description: 'Line of the file, from 1.', example: 3 })
  line?: number;

  @ApiPropertyOptional({ description: 'Column of the file or line, from 1.', example: 2 })
  column?: number;

  @ApiProperty({ example: 'must be integer' })
  detail!: string;
}

/** RFC 9457 problem, as every error is answered. */
export class ProblemDto {
  @ApiProperty({ description: 'Stable path of the kind of problem, explained in docs/errors.md.' })
  type!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty()
  status!: number;

  @ApiProperty({ description: 'What is wrong here, and what to do next.' })
  detail!: string;

  @ApiProperty({ enum: Object.values(ErrorCode), enumName: 'ErrorCode' })
  code!: ErrorCode;

  @ApiProperty({ description: 'Also in the header X-Request-Id.' })
  request_id!: string;

  @ApiPropertyOptional({ type: () => [ErrorPlaceDto] })
  errors?: ErrorPlaceDto[];
}

/** What any operation can answer. */
const ALWAYS = [ErrorCode.InternalError, ErrorCode.ServiceUnavailable];
/** What any body can be, beside malformed. */
const OF_BODIES = [ErrorCode.PayloadTooLarge, ErrorCode.UnsupportedMediaType];

/** Declares the problems that an operation can answer, beside those that all can, or all that take a body. */
export function ApiProblems(...codes: readonly ErrorCode[]): MethodDecorator & ClassDecorator {
  const all = new Set([...codes, ...(codes.includes(ErrorCode.MalformedRequest) ? OF_BODIES : []), ...ALWAYS]);
  const byStatus = Map.groupBy(all, (code) => PROBLEMS[code].status);
  const responses = [...byStatus].map(([status, group]) =>
    ApiResponse({
      status,
      description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
      content: {
        [PROBLEM_JSON]: {
          schema: { $ref: getSchemaPath(ProblemDto) },
          examples: exampleRefs(group),
        },
      },
    }),
  );
  return applyDecorators(ApiExtraModels(ProblemDto, ErrorPlaceDto), ...responses);
}

/** Examples of the problems, as references to `PROBLEM_EXAMPLES`: each is in the document once. */
export const exampleRefs = (codes: readonly ErrorCode[]): Record<string, { $ref: string }> =>
  Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));

/** For `components.examples` of the document: one of every code. */
export const PROBLEM_EXAMPLES: Readonly<Record<string, { value: Problem }>> = Object.fromEntries(
  Object.values(ErrorCode).map((code) => [
    code,
    { value: problemOf(code, PROBLEMS[code].title, { requestId: 'c0ffee00' }) },
  ]),
);
