/** Where all routes of the API begin. */
export const API_PATH = '/api/v1';
