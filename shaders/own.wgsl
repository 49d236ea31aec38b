// Own: the synapses of a layer that a lane works on, by its first row and column, and how far it is
// from those to the ones of its next turn: a lane takes four rows and some columns in a turn.
// `held`: where it holds the first of their quads (synapses/held.wgsl).
struct Own { row: u32, row_step: u32, column: u32, column_step: u32, held: u32 }

// The first column of a turn; of one turn for the whole row it is known.
fn tile_of(own: Own, turn: u32, whole: bool) -> u32 {
  if (whole) { return 0u; }
  return own.column + turn * own.column_step;
}
