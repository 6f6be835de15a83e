//! One function, compiled for several instruction sets; the widest one that is present runs.

/// A function over floats, written so that the compiler can vectorise it.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// Computes the function. It must be inlined, with all that it calls, so that it is compiled for the
    /// instruction set that runs it.
    ///
    /// `FUSED`: `a b + c` with one rounding is one instruction there.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Whether every machine that the crate is compiled for has the fused instruction.
const ALWAYS_FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));

/// Runs the kernel with 512-bit or 256-bit vectors where the machine has them, and elsewhere with what every
/// machine has.
#[cfg(all(feature = "simd", any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) fn run_widest<K: Kernel>(kernel: K) -> K::Output {
    use fearless_simd::{Level, Simd};

    let level = Level::new();
    if let Some(wide) = level.as_avx512() {
        return wide.vectorize(
            #[inline(always)]
            || kernel.run::<true>(),
        );
    }
    if let Some(wide) = level.as_avx2() {
        return wide.vectorize(
            #[inline(always)]
            || kernel.run::<true>(),
        );
    }
    kernel.run::<ALWAYS_FUSED>()
}

/// Runs the kernel with what every machine has.
#[cfg(not(all(feature = "simd", any(target_arch = "x86", target_arch = "x86_64"))))]
pub(crate) fn run_widest<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<ALWAYS_FUSED>()
}
