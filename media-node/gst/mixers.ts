/**
 * What every audiomixer is told: browsers send next to nothing of silence (DTX), and what comes after it has its own
 * place. By default a mixer would put it where the silence began, up to a second early.
 */
export const SILENCES = "discont-wait=0";
