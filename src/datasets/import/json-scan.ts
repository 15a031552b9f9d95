import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ErrorPlace } from '../../common/errors.js';
import { isObject } from '../../common/is-object.js';
import { GrowingText } from './growing-text.js';

/** One array; or one object per line; or objects with any white space inside and between them. */
export type JsonLayout = 'array' | 'newline_delimited' | 'unstructured';

interface Place {
  line: number;
  column: number;
}

const HEAD_BYTES = 1024 * 1024;
/** The engine reads no longer one; nor is more of it held in memory here. */
const MAX_ELEMENT_MB = 16;
const MAX_ELEMENT = MAX_ELEMENT_MB * 1024 * 1024;

/** Reads a JSON file object by object, to find the one that the engine has refused. */
export class JsonScan {
  private readonly element = new GrowingText();
  private depth = 0;
  private inString = false;
  private escaped = false;
  private line = 1;
  private column = 1;
  private start = { line: 1, column: 1 };
  private fault: ErrorPlace | undefined;
  private elements = 0;
  private found: Place | undefined;

  private constructor(
    private readonly isArray: boolean,
    /** The number of the element that is looked for, from 1. */
    private readonly wanted: number | undefined,
  ) {}

  static async layoutOf(file: string): Promise<JsonLayout> {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const head = buffer.toString('utf8', 0, bytesRead).trimStart();
      if (head.startsWith('[')) return 'array';
      const line = head.split('\n', 1)[0] ?? '';
      return isWhole(line) || line.length === head.length ? 'newline_delimited' : 'unstructured';
    } finally {
      await handle.close();
    }
  }

  /** The first place that is not JSON, or not an object; none if all are. */
  static async findFault(file: string): Promise<ErrorPlace | undefined> {
    return (await JsonScan.read(file)).fault;
  }

  /** Where an element begins, by its number from 1, in a file that has no fault before it. */
  static async locate(file: string, element: number): Promise<Place | undefined> {
    return (await JsonScan.read(file, element)).found;
  }

  private static async read(file: string, wanted?: number): Promise<JsonScan> {
    const layout = await JsonScan.layoutOf(file);
    const scan = new JsonScan(layout === 'array', wanted);
    for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
      for (const character of String(chunk)) {
        scan.take(character);
        // In a file of lines a line that is not whole is the fault, not the one after it.
        if (layout === 'newline_delimited' && character === '\n') scan.end();
        if (scan.fault !== undefined || scan.found !== undefined) return scan;
      }
    }
    scan.end();
    return scan;
  }

  private take(character: string): void {
    if (this.element.length === 0 && this.depth === (this.isArray ? 1 : 0)) {
      this.start = { line: this.line, column: this.column };
    }
    this.see(character);
    if (character === '\n') {
      this.line += 1;
      this.column = 1;
    } else this.column += 1;
  }

  private see(character: string): void {
    const base = this.isArray ? 1 : 0;
    const outside = this.depth <= base && !this.inString;
    if (outside && this.element.length === 0 && isFiller(character, this.isArray)) {
      if (character === '[') this.depth += 1;
      if (character === ']') this.depth -= 1;
      return;
    }
    if (outside && this.isArray && (character === ',' || character === ']')) {
      this.check();
      if (character === ']') this.depth -= 1;
      return;
    }
    this.element.add(character);
    if (this.element.length > MAX_ELEMENT) {
      this.fault = {
        ...this.start,
        detail: `the object that begins here is longer than the ${MAX_ELEMENT_MB} MB that one may have.`,
      };
    }
    this.nest(character);
    if (this.depth === base && !this.inString && (character === '}' || character === ']')) this.check();
  }

  private nest(character: string): void {
    if (this.escaped) this.escaped = false;
    else if (this.inString && character === '\\') this.escaped = true;
    else if (character === '"') this.inString = !this.inString;
    else if (!this.inString && (character === '{' || character === '[')) this.depth += 1;
    else if (!this.inString && (character === '}' || character === ']')) this.depth -= 1;
  }

  private end(): void {
    const text = this.element.take();
    if (text.trim() !== '') this.checkText(text);
  }

  private check(): void {
    this.checkText(this.element.take());
  }

  private checkText(text: string): void {
    this.elements += 1;
    if (this.elements === this.wanted) this.found = this.start;
    try {
      // The engine reads these as numbers.
      const value: unknown = JSON.parse(text.replace(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, '$10'));
      if (!isObject(value)) {
        this.fault = { ...this.start, detail: 'there is a value where an object {…} must stand; rows are objects.' };
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.fault = { ...this.start, detail: `the object that begins here is not JSON: ${error.message}.` };
    }
  }
}

function isFiller(character: string, isArray: boolean): boolean {
  return /\s/.test(character) || (isArray && (character === ',' || character === '[' || character === ']'));
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line.replace(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, '$10'));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
