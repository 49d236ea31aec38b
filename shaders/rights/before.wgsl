// d_right, summed over rows: lanes that share a task find it before they change d_W.
import package::shape::DEPTH;
import package::plasticity_adjoint::asks_right;
import package::products::Lefts;
import package::right_sweep::sweep;
import package::right::Work;
import package::team::team_barrier;

fn tell_right(asked: bool, at: u32, d: vec4f, lefts: Lefts) {}

fn find_factors(first: u32, t: u32) {
  for (var l = 0u; l < DEPTH; l++) {
    if (asks_right(l)) { sweep(l, Work(first)); }
  }
  team_barrier();
}
