// d_right and d_left of many products: both are found before d_W changes, four products at a time.
import package::shape::{DEPTH, PLASTIC, SECOND_ORDER};
import package::plasticity_adjoint::asks_right;
import package::products::Lefts;
import package::left_sweep::sweep as sweep_left;
import package::left::Work as LeftWork;
import package::right_sweep::sweep as sweep_right;
import package::right::Work as RightWork;
import package::team::team_barrier;

fn tell_right(asked: bool, at: u32, d: vec4f, lefts: Lefts) {}

fn find_factors(first: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (asks_right(l)) { sweep_right(l, RightWork(first)); }
    // At first order nothing asks for d_left.
    if (SECOND_ORDER && PLASTIC[l]) { sweep_left(l, LeftWork(first)); }
  }
  team_barrier();
}
