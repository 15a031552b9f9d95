const document = {
  id: '12345',
  title: 'LoremIpsum',
  author: 'John Doe',
  year: '1960',
  genre: 'romance',
  summary: 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.',
};

/** Shown in the documentation of the API, and working as they are. */
export const MESSAGE_EXAMPLES = {
  document: { summary: 'A document', value: document },
  several: { summary: 'Several', value: [document, { ...document, id: '12346', title: 'Dolor', genre: 'scifi' }] },
  report: {
    summary: 'A report to be run',
    value: { type: 'report', id: 'uptime-2026-11-21', body: { report_name: 'store-uptime', format: 'csv' } },
  },
};
