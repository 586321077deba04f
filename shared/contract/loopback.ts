/** Whether a host, as URLs and `--host` write it, is this machine and no other can reach it there. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|\[?::1\]?|127(?:\.\d{1,3}){3})$/.test(host);
}
