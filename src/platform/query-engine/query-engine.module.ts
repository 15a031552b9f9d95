import { Module } from '@nestjs/common';
import { DuckDbEngine } from './duckdb-engine.js';
import { QueryEngine } from './query-engine.js';

@Module({
  providers: [{ provide: QueryEngine, useClass: DuckDbEngine }],
  exports: [QueryEngine],
})
export class QueryEngineModule {}
