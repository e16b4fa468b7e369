//! Segments of few positions against a real NATS server: who crosses from one into the next, and what if there is none.
mod forgery;
mod load;
mod place;
mod rolling;
