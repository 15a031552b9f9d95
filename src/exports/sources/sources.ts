import type { FactoryProvider, Type } from '@nestjs/common';
import { ValidationFailed } from '../../common/errors.js';
import type { SourceSpec, SourceType } from '../export-spec.js';
import { DatabaseSource } from './database.js';
import { DatasetSource } from './dataset.js';
import { HttpSource } from './http.js';
import { ReportSource } from './report.js';
import type { Source } from './source.js';

/** The classes behind the types. A type that is not here is refused when an export is created. */
const SOURCES: Readonly<Partial<Record<SourceType, Type<Source>>>> = {
  http: HttpSource,
  report: ReportSource,
  dataset: DatasetSource,
  database: DatabaseSource,
};

/** The sources that this build has. */
export class Sources {
  constructor(private readonly byType: ReadonlyMap<string, Source>) {}

  /** Throws `ValidationFailed` for a type that this build does not have. */
  of({ type }: SourceSpec): Source {
    const source = this.byType.get(type);
    if (source) return source;
    const known = [...this.byType.keys()].join(', ');
    throw ValidationFailed.at('/source/type', `"${type}" is not available in this service; use one of: ${known}`);
  }
}

export const SOURCE_CLASSES = Object.values(SOURCES);

export const sourcesProvider: FactoryProvider<Sources> = {
  provide: Sources,
  inject: SOURCE_CLASSES,
  useFactory: (...sources: Source[]) =>
    new Sources(
      new Map(Object.keys(SOURCES).flatMap((type, index) => (sources[index] ? [[type, sources[index]]] : []))),
    ),
};
