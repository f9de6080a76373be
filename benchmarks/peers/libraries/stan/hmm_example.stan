// posteriordb's hidden Markov model. A uniform first state is a constant.
data {
  int<lower=1> n;
  vector[n] y;
}
parameters {
  array[2] simplex[2] theta;
  positive_ordered[2] mu;
}
model {
  mu[1] ~ normal(3, 1);
  mu[2] ~ normal(10, 1);
  matrix[2, n] emission;
  matrix[2, 2] moves;
  for (k in 1 : 2) {
    emission[k] = -0.5 * square(y - mu[k])';
    moves[k] = theta[k]';
  }
  target += hmm_marginal(emission, moves, rep_vector(0.5, 2));
}
