mod comparison;
mod faults;
mod incidents;
