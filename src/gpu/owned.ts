/** Whatever holds resources of a device until it is destroyed. */
export interface Owned {
  destroy(): void;
}

/**
 * What `make` makes of what is owned already; if it fails, that is destroyed, since nobody else
 * will.
 */
export async function orDestroy<T>(owned: readonly Owned[], make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    for (const one of owned) one.destroy();
    throw error;
  }
}

/** All of them, or none: if one fails, those that are made all the same are destroyed. */
export async function allOrDestroy<T extends readonly Owned[]>(making: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  const settled = await Promise.allSettled(making);
  const failed = settled.find(one => one.status === 'rejected');
  if (!failed)
    return settled.map(one => (one as PromiseFulfilledResult<Owned>).value) as unknown as T;
  for (const one of settled) if (one.status === 'fulfilled') one.value.destroy();
  throw failed.reason;
}
