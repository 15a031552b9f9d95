import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { ErrorPlace } from '../common/errors.js';
import { definitionFields, writtenDatasets, type Definition } from './definition.js';
import { DefinitionInvalid } from './definition-errors.js';
import { fromPointer } from '../common/json-pointer.js';
import { issuePlaces } from './definition-issues.js';
import { definitionProblems } from './definition-rules.js';

const FILE = /^---[ \t]*\n(?<front>[\s\S]*?\n)---[ \t]*(?:\n(?<sql>[\s\S]*))?$/;
const EXTENSION = '.sql';
/** Lines before the front matter: the opening `---`. */
const FRONT_OFFSET = 1;

const frontSchema = z.strictObject({ ...definitionFields, datasets: writtenDatasets });

/**
 * Parses `catalogue/<name>.sql`: YAML front matter between `---` lines, then one SELECT. Throws `DefinitionInvalid` that
 * names the file and each bad line and field.
 */
export function parseDefinitionFile(text: string, fileName: string): Definition {
  const normalised = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const { front, sql = '' } = FILE.exec(normalised)?.groups ?? {};
  if (front === undefined) {
    const detail = 'must start with a line "---", then YAML, then a line "---", then one SELECT';
    throw DefinitionInvalid.inFile(fileName, [{ line: 1, detail }]);
  }
  const { value, locate } = readFront(front, fileName);
  const parsed = frontSchema.safeParse(value);
  if (!parsed.success) throw DefinitionInvalid.inFile(fileName, issuePlaces(parsed.error).map(locate));
  const definition: Definition = { ...parsed.data, sql: sql.trim(), origin: 'shipped' };
  const problems = [...nameProblems(definition, fileName), ...definitionProblems(definition)];
  if (problems.length === 0) return definition;
  const sqlOffset = normalised.indexOf(definition.sql ?? '', front.length);
  const linesBefore = normalised.slice(0, sqlOffset).split('\n').length - 1;
  const inFile = (place: ErrorPlace): ErrorPlace =>
    place.line === undefined ? locate(place) : { ...place, line: place.line + linesBefore };
  throw DefinitionInvalid.inFile(fileName, problems.map(inFile));
}

function nameProblems(definition: Definition, fileName: string): ErrorPlace[] {
  const expected = `${definition.name}${EXTENSION}`;
  return [
    ...(fileName === expected ? [] : [{ pointer: '/name', detail: `the file must be called ${expected}` }]),
    ...(definition.sql === '' ? [{ detail: 'has no SQL after the front matter' }] : []),
  ];
}

/** The front matter as a value, and a function that adds to a place the line of its field. */
function readFront(front: string, fileName: string): { value: unknown; locate: (place: ErrorPlace) => ErrorPlace } {
  const lineCounter = new LineCounter();
  const document = parseDocument(front, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    const places = document.errors.map(({ pos: [offset], message }) => {
      const { line, col } = lineCounter.linePos(offset);
      return { line: line + FRONT_OFFSET, column: col, detail: message };
    });
    throw DefinitionInvalid.inFile(fileName, places);
  }
  const locate = (place: ErrorPlace): ErrorPlace => {
    for (let path = fromPointer(place.pointer ?? ''); path.length > 0; path = path.slice(0, -1)) {
      const node = document.getIn(path, true);
      if (isNode(node) && node.range) return { ...place, line: lineCounter.linePos(node.range[0]).line + FRONT_OFFSET };
    }
    return place;
  };
  return { value: document.toJS(), locate };
}
