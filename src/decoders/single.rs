//! Elementary functions in single precision, rounded from double: the same on every platform.

pub(super) fn cos(x: f32) -> f32 {
    f64::from(x).cos() as f32
}

pub(super) fn acos(x: f32) -> f32 {
    f64::from(x).acos() as f32
}

pub(super) fn log2(x: f32) -> f32 {
    f64::from(x).log2() as f32
}
