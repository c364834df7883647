/** Rows that may wait however short `max_wait` is: two seconds of a camera, for a policy that is slow. */
const LEAST = 64

/**
 * How many rows wait for their answers, at most. A tick waits for its streams for `maxWait`, and its row for a command
 * as long again, so that no row is given up before its time. Both in ns.
 */
export const mostRowsWaiting = (maxWait: number, period: number): number => LEAST + Math.ceil((2 * maxWait) / period)
