import { Injectable } from '@nestjs/common';
import { realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationFailed } from '../../common/errors.js';
import { isNamed } from '../../common/owners.js';
import { SealBroken } from '../../common/text-seal.js';
import { Config } from '../../config/config.js';
import { AllowList } from '../../platform/outbound/allow-list.js';
import { DestinationGuard } from '../../platform/outbound/destination-guard.js';
import { systemResolver } from '../../platform/outbound/host-resolver.js';
import { RunPhase, type RunInput } from '../../runs/run.js';
import type { DatabaseReader, ReadJob } from '../database/database-reader.js';
import { DatabaseKind, DatabaseUrlInvalid, parseDatabaseUrl, type DatabaseAddress } from '../database/database-url.js';
import { openUrl, sealUrl, shownUrl } from '../database/sealed-url.js';
import { relateTable } from '../database/staged-table.js';
import { TableFile } from '../database/table-file.js';
import type { DatabaseSpec } from './database-spec.js';
import { SourceFailed } from './source-errors.js';
import { columnsOf, Source, type SourceCheck, type SourceJob, type Staged } from './source.js';

const CONNECTION_POINTER = '/source/connection';
const URL_POINTER = '/source/url';
const STAGED_FILE = 'source.tsv';
/** How the database of a client's URL is called in errors. */
const OF_URL = 'the URL';

// Only what runs an export needs the drivers.
const READERS: Readonly<Record<DatabaseKind, DatabaseReader>> = {
  [DatabaseKind.Postgresql]: async (job) =>
    await (await import('../database/postgresql/read-postgresql.js')).readPostgresql(job),
  [DatabaseKind.Mysql]: async (job) => await (await import('../database/mysql/read-mysql.js')).readMysql(job),
};

/** What one SELECT gives in a database that is not ours. */
@Injectable()
export class DatabaseSource extends Source<DatabaseSpec> {
  private readonly guard: DestinationGuard;

  constructor(private readonly config: Config) {
    super();
    this.guard = new DestinationGuard(new AllowList(config.outbound.allow), systemResolver);
  }

  override async check({ owner, spec }: SourceCheck<DatabaseSpec>): Promise<RunInput[]> {
    if ((spec.connection === undefined) === (spec.url === undefined)) {
      throw ValidationFailed.at(CONNECTION_POINTER, 'name either a configured connection or a url, not both');
    }
    if (spec.url !== undefined && this.sealKey() === undefined) {
      throw ValidationFailed.at(URL_POINTER, 'is not allowed in this service; name a configured connection instead');
    }
    try {
      this.addressOf(owner, spec);
    } catch (error) {
      if (!(error instanceof DatabaseUrlInvalid)) throw error;
      const pointer = spec.url === undefined ? CONNECTION_POINTER : URL_POINTER;
      throw ValidationFailed.at(
        pointer,
        spec.url === undefined ? `is configured wrongly: ${error.message}` : error.message,
      );
    }
    return [];
  }

  override keep(spec: DatabaseSpec): DatabaseSpec {
    const key = this.sealKey();
    return spec.url === undefined || key === undefined ? spec : { ...spec, url: sealUrl(spec.url, key) };
  }

  override async stage({ spec, context, session, bounds }: SourceJob<DatabaseSpec>): Promise<Staged> {
    const { directory, signal } = context;
    const address = this.addressOf(context.run.owner, this.opened(spec));
    const path = join(await realpath(directory), STAGED_FILE);
    const file = new TableFile(path, bounds, (detail) => {
      context.progress(RunPhase.Fetch, detail);
    });
    try {
      const table = await READERS[address.kind]({
        address,
        ...this.accessOf(spec, address),
        query: spec.query,
        file,
        signal,
        deadline: context.deadlineAt,
      });
      await file.close();
      const warnings = await relateTable(session, file, table.columns);
      return {
        columns: await columnsOf(session),
        rows: table.rows,
        warnings: [...table.warnings, ...warnings],
        facts: {
          type: spec.type,
          ...(spec.connection === undefined ? { url: shownUrl(spec.url ?? '') } : { connection: spec.connection }),
          server: table.server,
          bytes: file.bytes,
        },
      };
    } catch (error) {
      await file.discard();
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Clients may not reach by a database what they may not reach by HTTP, nor bring a user that could do more than read. */
  private accessOf(
    { connection }: DatabaseSpec,
    { host, port }: DatabaseAddress,
  ): Pick<ReadJob, 'name' | 'lookup' | 'refuseAdministrators'> {
    if (connection !== undefined) {
      return { name: `the connection "${connection}"`, lookup: undefined, refuseAdministrators: false };
    }
    const destination = { host, port: String(port) };
    this.guard.checkLiteral(destination);
    return { name: OF_URL, lookup: this.guard.lookupFor(destination), refuseAdministrators: true };
  }

  /** Throws `DatabaseUrlInvalid`, or `ValidationFailed` for a name that is not configured, or not for this owner. */
  private addressOf(owner: string, { connection, url }: DatabaseSpec): DatabaseAddress {
    if (connection === undefined) return parseDatabaseUrl(url ?? '', { files: false });
    const { databases } = this.config.exports;
    const configured = Object.hasOwn(databases, connection) ? databases[connection] : undefined;
    if (configured === undefined || !isNamed(configured.owners, owner)) {
      throw ValidationFailed.at(CONNECTION_POINTER, 'there is no such connection');
    }
    return parseDatabaseUrl(configured.url, { files: true });
  }

  private opened(spec: DatabaseSpec): DatabaseSpec {
    const key = this.sealKey();
    if (spec.url === undefined) return spec;
    if (key === undefined) throw new SourceFailed('Database URLs of clients are no longer allowed in this service.');
    try {
      return { ...spec, url: openUrl(spec.url, key) };
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      throw new SourceFailed('The key that the URL was kept with has changed. Send the request again.', {
        cause: error,
      });
    }
  }

  /** Undefined when clients may not give URLs. */
  private sealKey(): string | undefined {
    const { allowDatabaseUrl, sealKey } = this.config.exports;
    return allowDatabaseUrl ? sealKey : undefined;
  }
}
