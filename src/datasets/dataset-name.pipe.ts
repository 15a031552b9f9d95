import type { PipeTransform } from '@nestjs/common';
import { ValidationFailed } from '../common/errors.js';
import { DATASET_NAME } from './dataset.js';
import { NAME_RULE } from './dto/create-dataset.dto.js';

/** A name that a dataset may be created with. */
export class DatasetNamePipe implements PipeTransform<string, string> {
  transform(name: string): string {
    if (!DATASET_NAME.test(name)) throw ValidationFailed.at('/name', NAME_RULE);
    return name;
  }
}
