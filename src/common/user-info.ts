/** Whether a URL names a user or a password: it would be kept and shown in clear. */
export const hasUserInfo = ({ username, password }: URL): boolean => username !== '' || password !== '';
