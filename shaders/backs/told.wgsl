// What a layer tells back of what it was told: v = Wᵀ y, of four inputs at a time, a sample by
// itself.
import package::shape::{
  BATCH, BELOW_AT, NEURON_AT, PLASTIC_COUNT, PLASTIC_LAYERS, POST, QUADS, RECORD, V, WIDTH
};
import package::memory::{
  activity, activity4, four, fours, set_activities, set_adjoint, weight_quad4, weight_rows
};
import package::back_sweep::sweep;
import package::team::team_barrier;

struct Work { first: u32, slot: u32 }

fn tell_back(first: u32, slot: u32) {
  for (var m = 0u; m < PLASTIC_COUNT; m++) { sweep(PLASTIC_LAYERS[m], Work(first, slot)); }
  team_barrier();
}

fn told_back(l: u32, record: u32, j: u32) -> f32 { return activity(record + V + BELOW_AT[l] + j); }
fn set_d_told_back(l: u32, row: u32, j: u32, d: f32) { set_adjoint(row + V + BELOW_AT[l] + j, d); }

fn groups_of(work: Work) -> u32 { return BATCH; }

// Inputs j … j + 3 of a sample: their columns of W, where y lies and where v goes.
struct Columns { j: u32, pre: u32, post: u32, weights: vec4u, y: u32, v: u32 }

fn begin(l: u32, work: Work, block: u32) -> Columns {
  let pre = WIDTH[l];
  let blocks = fours(pre);
  let j = block % blocks * 4u;
  let record = work.first + block / blocks * RECORD;
  return Columns(
    j, pre, WIDTH[l + 1u], weight_rows(l, work.slot, 0u) + QUADS[l] * four(j, pre),
    record + POST + NEURON_AT[l], record + V + BELOW_AT[l]
  );
}

struct Sums { v: vec4f }

fn visit(columns: Columns, i: u32, sums: ptr<function, Sums>) {
  let y = activity4(columns.y + four(i, columns.post));
  (*sums).v += y * weight_quad4(columns.weights + i / 4u);
}

fn finish(columns: Columns, sums: Sums) {
  set_activities(columns.v, columns.j, columns.pre, sums.v);
}
