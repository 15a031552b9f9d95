import { SourceDrift } from '../sources/source-errors.js';
import type { Page, PagePlace } from './page.js';

/** Sentences of one kind that a manifest repeats; the others are counted. */
const MAX_TOLD = 3;

/** Looks whether a source stands still while its pages are fetched. Throws `SourceDrift` when the export asks for that. */
export class DriftWatch {
  private readonly told = new Map<string, { count: number; first: string[] }>();
  private readonly places = new Map<string, number>();
  private readonly digests = new Map<string, number>();
  private total: { value: number; sequence: number } | null = null;

  constructor(private readonly policy: 'warn' | 'fail') {}

  get warnings(): string[] {
    return [...this.told.values()].flatMap(({ count, first }) => {
      const more = count - first.length;
      return more === 0 ? first : [...first, `There were ${String(more)} more warnings like the one before.`];
    });
  }

  /** Whether a page at this place was fetched already: going on there would never end. Notes the place otherwise. */
  isRepeated(place: PagePlace, sequence: number): boolean {
    const key = JSON.stringify(place);
    const before = this.places.get(key);
    if (before === undefined) {
      this.places.set(key, sequence);
      return false;
    }
    const what = 'url' in place ? 'address' : 'cursor';
    this.tell(
      'place',
      `Page ${name(sequence - 1)} names as the next one the ${what} of page ${name(before)} again; the fetch ended there.`,
    );
    return true;
  }

  /** Looks at a page that was kept. */
  observe({ sequence, rows, digest, facts }: Page): void {
    if (facts.total !== null) this.watchTotal(facts.total, sequence);
    if (facts.replaced > 0) {
      this.note('replaced', `Page ${name(sequence)} has halves of surrogate pairs, which were replaced by U+FFFD.`);
    }
    if (rows === 0) return;
    const before = this.digests.get(digest);
    if (before === undefined) this.digests.set(digest, sequence);
    else this.tell('digest', `Page ${name(sequence)} has the same records as page ${name(before)}.`);
  }

  /** A sign of drift: an error or a warning, as the export asks. */
  tell(kind: string, what: string): void {
    if (this.policy === 'fail') {
      throw new SourceDrift(`The source changed while it was read: ${what} Export again, or take warnings (on_drift).`);
    }
    this.note(kind, what);
  }

  /** A warning that is no drift. */
  note(kind: string, what: string): void {
    const told = this.told.get(kind) ?? { count: 0, first: [] };
    told.count += 1;
    if (told.first.length < MAX_TOLD) told.first.push(what);
    this.told.set(kind, told);
  }

  private watchTotal(value: number, sequence: number): void {
    const before = this.total;
    this.total = { value, sequence };
    if (before === null || before.value === value) return;
    const [earlier, later] = before.sequence < sequence ? [before, this.total] : [this.total, before];
    this.tell(
      'total',
      `The total was ${String(earlier.value)} on page ${name(earlier.sequence)} and ${String(later.value)} on page ${name(later.sequence)}.`,
    );
  }
}

/** Pages are counted from 1 for people. */
const name = (sequence: number): string => String(sequence + 1);
