import { pointerTo } from '../../common/json-pointer.js';
import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { ValidationFailed, type ErrorPlace } from '../../common/errors.js';

/** Bodies and queries become DTOs or a 422 with one JSON Pointer per bad field. */
export const validationPipe = new ValidationPipe({
  whitelist: true,
  forbidNonWhitelisted: true,
  transform: true,
  exceptionFactory: (errors) => ValidationFailed.of(errors.flatMap((error) => placesOf(error))),
});

/** The bad fields in an error of class-validator, by JSON Pointer. */
export function placesOf(error: ValidationError, parent = ''): ErrorPlace[] {
  const pointer = parent + pointerTo(error.property);
  const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer, detail }));
  return [...own, ...(error.children ?? []).flatMap((child) => placesOf(child, pointer))];
}
