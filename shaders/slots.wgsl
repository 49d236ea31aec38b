// Which slot of the fast weights holds W_t. Every INTERVAL-th step has a slot of its own; the steps
// between share INTERVAL − 1 slots.
//   adjoint 'store': INTERVAL = 1, every step kept.   'checkpoint': INTERVAL = K.   'reverse' and
//   forward only: one slot for all.
import package::shape::{INTERVAL, KEPT, ONE_SLOT};

fn slot_of(t: u32) -> u32 {
  if (ONE_SLOT) { return 0u; }
  if (t % INTERVAL == 0u) { return t / INTERVAL; }
  return KEPT + t % INTERVAL - 1u;
}
