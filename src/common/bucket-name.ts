/** What S3 takes for the name of a bucket; also safe as the name of a folder. */
export const BUCKET_NAME = /^[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/;
