// Coefficients of rules are the meta-parameters, the same for every task.
import package::memory::parameters;

// at: place in the layout.
fn coefficient(at: u32) -> f32 { return parameters[at]; }
