import { Param, ParseUUIDPipe } from '@nestjs/common';
import { ValidationFailed } from '../../common/errors.js';

/** A path parameter that is a UUID. */
export const IdParam = (name = 'id'): ParameterDecorator =>
  Param(name, new ParseUUIDPipe({ exceptionFactory: () => ValidationFailed.at(`/${name}`, 'must be a UUID') }));
