use crate::error::{Error, Result, check_limit};
use crate::numeric::scalar::Scalar;
use crate::units::Nats;

/// The integers modulo a prime below 2^32, so that products fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Field(pub(super) u64);

impl Field {
    pub(super) fn new(prime: u64) -> Result<Self> {
        check_limit("size of the field", prime.into(), u32::MAX.into())?;
        let divides = |divisor: u64| prime.is_multiple_of(divisor);
        let composite = (2..).take_while(|d| d * d <= prime).any(divides);
        let needed = "a prime number (linear codes here are over the integers modulo a prime)";
        match prime < 2 || composite {
            true => Err(Error::OutOfRange { what: "the field", value: prime as f64, needed }),
            false => Ok(Self(prime)),
        }
    }

    pub(super) fn symbol_entropy<F: Scalar>(self) -> Nats<F> {
        Nats(F::from_u64(self.0).unwrap_or_else(F::nan).ln())
    }

    /// `sum + a b`.
    pub(super) fn add_product(self, sum: u64, a: u64, b: u64) -> u64 {
        (sum + a * b % self.0) % self.0
    }

    pub(super) fn power(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut power = 1;
        while exponent > 0 {
            if exponent % 2 == 1 {
                power = power * base % self.0;
            }
            base = base * base % self.0;
            exponent /= 2;
        }
        power
    }

    /// The inverse, by Fermat's little theorem.
    pub(super) fn inverse(self, a: u64) -> u64 {
        self.power(a, self.0 - 2)
    }
}
