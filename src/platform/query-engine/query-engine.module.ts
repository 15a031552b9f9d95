import { Module } from '@nestjs/common';
import { DuckDbEngine } from './duckdb-engine.js';
import { ProcessEngine } from './process-engine.js';
import { IsolatedQueryEngine, QueryEngine } from './query-engine.js';

@Module({
  providers: [
    { provide: QueryEngine, useClass: DuckDbEngine },
    { provide: IsolatedQueryEngine, useClass: ProcessEngine },
  ],
  exports: [QueryEngine, IsolatedQueryEngine],
})
export class QueryEngineModule {}
