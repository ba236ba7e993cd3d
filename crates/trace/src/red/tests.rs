mod counting;
mod percentiles;
mod series;
