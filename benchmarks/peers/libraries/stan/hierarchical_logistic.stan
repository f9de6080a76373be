// Logistic regression with intercepts that vary by group.
data {
  int<lower=1> n;
  matrix[n, 5] x;
  array[n] int<lower=1, upper=43> group;
  array[n] int<lower=0, upper=1> y;
}
parameters {
  real alpha;
  real<lower=0> sigma;
  vector[43] shifts;
  vector[5] beta;
}
transformed parameters {
  vector[43] intercepts = alpha + sigma * shifts;
}
model {
  alpha ~ normal(0, 2);
  sigma ~ std_normal();
  shifts ~ std_normal();
  beta ~ std_normal();
  y ~ bernoulli_logit_glm(x, intercepts[group], beta);
}
