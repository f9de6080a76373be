// Two Gaussians with unit variance and equal weights.
data {
  int<lower=1> n;
  vector[n] y;
}
parameters {
  ordered[2] means;
}
model {
  means ~ normal(0, 10);
  // log(exp(a) + exp(b)) = a + log1p_exp(b - a), where b - a is linear in y.
  real distance = means[2] - means[1];
  target += normal_lupdf(y | means[1], 1);
  target += sum(log1p_exp(distance * (y - 0.5 * (means[1] + means[2]))));
}
