/** Of no meaning: sums of what was read ahead of its use go here, so that no compiler leaves the reading out. */
export const lookedAt = new Float64Array(1);
