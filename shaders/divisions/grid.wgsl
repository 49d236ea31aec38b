// Lanes of a task lie in rows and columns. A layer's rows take one turn: row lane r has the four
// from 4 r on. Lanes that are more share its columns: column lane c has the four from 4 c on, then
// those
// 4 COLUMN_LANES further, and so on. What they find of the same rows or columns they add up in
// workgroup memory, as many terms as lanes have any. All lanes take as many turns, so that they
// meet there;
// beyond the last row or column a turn is idle. Loops over layers and columns are unrolled before a
// compiler sees them (src/gpu/unroll.ts), so that a lane's reads need not wait for each other.
import package::shape::{COLUMNS, COLUMN_LANES, HELD_AT, LANES, QUADS, ROW_LANES, WIDTH, WORKGROUP};
import package::memory::{lane, team};
import package::own::Own;
import package::team::{parts, sum_of_parts};

// No block of a layer: a lane is idle.
const IDLE = 0xffffffffu;

fn own_of(l: u32) -> Own {
  let rows = ROW_LANES[l];
  return Own(lane % rows * 4u, rows * 4u, lane / rows * 4u, COLUMN_LANES[l] * 4u, HELD_AT[l]);
}
fn summed_of(l: u32) -> Own { return own_of(l); }

fn row_turns(l: u32, groups: u32) -> u32 { return groups; }
fn row_block(l: u32, turn: u32) -> u32 { return block_of(turn, lane % ROW_LANES[l], QUADS[l]); }
fn sum_turns(l: u32, groups: u32) -> u32 { return groups; }
fn column_block(l: u32, turn: u32, part: u32) -> u32 { return column_of(l, turn, part, lane / ROW_LANES[l]); }

// The block whose sums `column_sums` tells a lane: lane c is told that of column lane c.
fn told_block(l: u32, turn: u32, part: u32) -> u32 { return select(IDLE, column_of(l, turn, part, lane), lane < COLUMN_LANES[l]); }

fn column_of(l: u32, turn: u32, part: u32, column_lane: u32) -> u32 { return block_of(turn, part * COLUMN_LANES[l] + column_lane, (WIDTH[l] + 3u) / 4u); }
fn block_of(group: u32, block: u32, blocks: u32) -> u32 { return select(IDLE, group * blocks + block, block < blocks); }

// Has a row columns where a tile begins, and is j one? Yes without asking, where tiles and lanes
// divide a row evenly: a branch would part what a lane reads for a column from what it reads for
// the next,
// and GPUs would wait for one after another.
fn has_tile(l: u32, tile: u32) -> bool { return WIDTH[l] % (COLUMN_LANES[l] * 4u) == 0u || tile < WIDTH[l]; }
fn has_column(l: u32, j: u32, pre: u32) -> bool { return WIDTH[l] % COLUMNS[l] == 0u || j < pre; }

// The first `told` lanes are told the sum over `terms` lanes, `stride` apart from lane `from_` on.
fn sums_of(count: u32, values: mat4x4f, from_: u32, stride: u32, told: u32, terms: u32) -> mat4x4f {
  let mine = team * LANES;
  for (var k = 0u; k < count; k++) { parts[k * WORKGROUP + mine + lane] = values[k]; }
  workgroupBarrier();
  var sums = mat4x4f();
  if (lane < told) {
    for (var k = 0u; k < count; k++) { sums[k] = sum_of_parts(k * WORKGROUP + mine + from_, stride, terms); }
  }
  workgroupBarrier();
  return sums;
}

// The first `count` of four values that lanes found of the same rows, told to column lane 0; and of
// the same columns, told to the first COLUMN_LANES lanes.
fn row_sums(l: u32, count: u32, values: mat4x4f) -> mat4x4f {
  if (COLUMN_LANES[l] == 1u) { return values; }
  return sums_of(count, values, lane, ROW_LANES[l], ROW_LANES[l], min(COLUMN_LANES[l], (WIDTH[l] + 3u) / 4u));
}
fn column_sums(l: u32, count: u32, values: mat4x4f) -> mat4x4f {
  if (ROW_LANES[l] == 1u) { return values; }
  return sums_of(count, values, lane * ROW_LANES[l], 1u, COLUMN_LANES[l], QUADS[l]);
}
