import { isObject } from '../../common/is-object.js';
import { QueryInvalid } from './query-errors.js';
import { placeAt } from './duckdb-errors.js';

/** Table functions that make rows out of their arguments only. All others read files, settings or the catalogue. */
const TABLE_FUNCTIONS = new Set([
  'range',
  'generate_series',
  'unnest',
  'repeat',
  'json_each',
  'json_tree',
  'pg_timezone_names',
]);

/** Scalar functions that show or change the engine, take SQL as text, or hold a thread. `getenv` exists in the shell only. */
const DENIED_FUNCTIONS = new RegExp(
  `^(?:${[
    'getenv',
    'getvariable',
    'current_(?:setting|query|query_id|connection_id|transaction_id|database|catalog|schema|schemas|role|user)',
    'session_user|user|in_search_path|txid_current|version',
    'json_(?:serialize|deserialize|execute_serialized)_\\w+',
    'query|query_table|sniff_\\w+|glob|stats|which_secret|summary|checkpoint|force_checkpoint',
    '(?:read|write|parquet|duckdb|pragma|pg|inet|enable|disable|truncate|copy|export|import)_\\w+',
    'has_\\w+_privilege|\\w+_description|get_block_size|format_pg_type|map_to_pg_oid|parse_duckdb_log_message',
    'nextval|currval|setseed|sleep_ms|__internal_\\w+|sql_auto_complete',
    // These take the insides of other values as bytes, and believe them.
    'combine|finalize|variant_(?:bytes_to_variant|normalize|to_parquet_variant)',
  ].join('|')})$`,
);
const ALLOWED_DESPITE_PATTERN = new Set(['pg_typeof', 'pg_size_pretty', 'pg_timezone_names']);

const QUERY_NODES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE']);
const TABLE_REFERENCES = new Set([
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'TABLE_FUNCTION',
  'EXPRESSION_LIST',
  'EMPTY',
  'PIVOT',
]);

type Json = Record<string, unknown>;

/**
 * Checks a serialised SELECT (the engine's `json_serialize_sql`) against what a query of a client may contain: the
 * relations it was given, its own common table expressions, and functions of its arguments. Throws `QueryInvalid`.
 */
export function checkSelect(serialised: string, sql: string, relations: ReadonlySet<string>): void {
  // The engine's serialiser writes an object; its parts are looked at as unknown below.
  const document = JSON.parse(serialised) as Json;
  if (document['error'] === true) throw unserialisable(document, sql);
  const statements = list(document['statements']);
  const [statement] = statements;
  if (statements.length !== 1 || !isObject(statement)) {
    throw new QueryInvalid('The SQL must be exactly one SELECT statement.', {
      places: [{ pointer: '/sql', detail: `There are ${String(statements.length)} statements.` }],
    });
  }
  new Inspection(sql).visit(statement, new Set([...relations].map(fold)));
}

class Inspection {
  constructor(private readonly sql: string) {}

  visit(value: unknown, scope: ReadonlySet<string>): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, scope);
    } else if (isObject(value)) {
      this.visitObject(value, scope);
    }
  }

  private visitObject(node: Json, scope: ReadonlySet<string>): void {
    if ('cte_map' in node) {
      this.visitQuery(node, scope);
      return;
    }
    if ('sample' in node && 'alias' in node && !('class' in node)) this.checkTable(node, scope);
    if ('function_name' in node && node['class'] !== undefined) this.checkFunction(node);
    const isTableFunction = node['type'] === 'TABLE_FUNCTION';
    for (const [key, child] of Object.entries(node)) {
      if (isTableFunction && key === 'function' && isObject(child)) this.visit(child['children'], scope);
      else this.visit(child, scope);
    }
  }

  /** A common table expression sees those before it, and itself only when it is recursive: then the engine makes it a node of its own. */
  private visitQuery(node: Json, scope: ReadonlySet<string>): void {
    if (!QUERY_NODES.has(String(node['type']))) throw this.refuse(node, 'this kind of query is not allowed');
    const inner = new Set(scope);
    if (node['type'] === 'RECURSIVE_CTE_NODE') inner.add(fold(node['cte_name']));
    const map = node['cte_map'];
    for (const entry of list(isObject(map) ? map['map'] : [])) {
      if (!isObject(entry)) continue;
      this.visit(entry['value'], inner);
      inner.add(fold(entry['key']));
    }
    for (const [key, child] of Object.entries(node)) {
      if (key === 'cte_map') continue;
      this.visit(child, inner);
    }
  }

  private checkTable(node: Json, scope: ReadonlySet<string>): void {
    const type = String(node['type']);
    if (!TABLE_REFERENCES.has(type))
      throw this.refuse(node, `${type.toLowerCase().replace('_ref', '')} is not allowed in a query`);
    if (type === 'BASE_TABLE') {
      const name = [node['catalog_name'], node['schema_name'], node['table_name']]
        .filter((part) => part !== '')
        .join('.');
      if (node['schema_name'] === '' && node['catalog_name'] === '' && scope.has(fold(node['table_name']))) return;
      throw this.refuse(node, `there is no table "${name}"; a query reads the datasets it names and nothing else`);
    }
    if (type === 'TABLE_FUNCTION') {
      const call = isObject(node['function']) ? node['function'] : {};
      const name = fold(call['function_name']);
      if (!TABLE_FUNCTIONS.has(name)) throw this.refuse(node, `the table function "${name}" is not allowed`);
    }
  }

  private checkFunction(node: Json): void {
    const name = fold(node['function_name']);
    if (!DENIED_FUNCTIONS.test(name) || ALLOWED_DESPITE_PATTERN.has(name)) return;
    throw this.refuse(node, `the function "${name}" is not allowed`);
  }

  private refuse(node: Json, what: string): QueryInvalid {
    const location = Number(node['query_location']);
    const offset = Number.isSafeInteger(location) ? location : -1;
    const detail = what.charAt(0).toUpperCase() + what.slice(1) + '.';
    return new QueryInvalid(`The SQL cannot be used: ${what}.`, { places: [placeAt(this.sql, offset, detail)] });
  }
}

function unserialisable(document: Json, sql: string): QueryInvalid {
  const isSyntax = document['error_type'] === 'parser' || document['error_type'] === 'syntax';
  const text = String(document['error_message']);
  const detail = isSyntax ? text : 'The SQL must be one SELECT statement. (A PIVOT must list its values with IN.)';
  const position = Number(document['position'] ?? -1);
  return new QueryInvalid(`The SQL cannot be used: ${detail}`, { places: [placeAt(sql, position, detail)] });
}

function fold(name: unknown): string {
  return String(name).toLowerCase();
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
