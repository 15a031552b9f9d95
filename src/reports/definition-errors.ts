import { AppError, ErrorCode, type ErrorPlace } from '../common/errors.js';

/** A definition cannot be used. The message names the file or says what to do; each place is a field or a line. */
export class DefinitionInvalid extends AppError {
  readonly code = ErrorCode.DefinitionInvalid;

  static inBody(places: readonly ErrorPlace[]): DefinitionInvalid {
    return new DefinitionInvalid('The report definition has fields that cannot be used.', { places });
  }

  /** Places of a file are put into the message too: they are read in the log of a service that does not start. */
  static inFile(fileName: string, places: readonly ErrorPlace[]): DefinitionInvalid {
    const lines = places.map((place) => {
      const where = [
        place.line === undefined ? '' : `:${String(place.line)}`,
        place.pointer ? ` ${place.pointer}` : '',
      ];
      return `${fileName}${where.join('')}: ${place.detail}`;
    });
    return new DefinitionInvalid(`The report definition ${fileName} cannot be used.\n${lines.join('\n')}`, { places });
  }
}
