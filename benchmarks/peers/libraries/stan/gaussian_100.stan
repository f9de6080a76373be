// A Gaussian in 100 dimensions, by its precision.
data {
  vector[100] mean;
  matrix[100, 100] precision;
}
parameters {
  vector[100] x;
}
model {
  target += -0.5 * quad_form_sym(precision, x - mean);
}
