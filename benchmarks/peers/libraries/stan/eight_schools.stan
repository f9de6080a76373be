// Eight schools, not centred.
data {
  int<lower=1> n;
  vector[n] y;
  vector<lower=0>[n] sigma;
}
parameters {
  real mu;
  real<lower=0> tau;
  vector[n] shifts;
}
transformed parameters {
  vector[n] theta = mu + tau * shifts;
}
model {
  mu ~ normal(0, 5);
  tau ~ cauchy(0, 5);
  shifts ~ std_normal();
  y ~ normal(theta, sigma);
}
