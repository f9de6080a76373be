// A hidden Markov model with three states.
data {
  int<lower=1> n;
  vector[n] y;
}
parameters {
  array[3] simplex[3] P;
  ordered[3] means;
  vector<lower=0>[3] sigma;
}
model {
  means ~ normal(0, 5);
  sigma ~ normal(0, 2);
  matrix[3, n] emission;
  matrix[3, 3] moves;
  for (k in 1 : 3) {
    vector[3] alpha = rep_vector(1, 3);
    alpha[k] = 5;
    P[k] ~ dirichlet(alpha);
    emission[k] = -0.5 * square((y - means[k]) / sigma[k])' - log(sigma[k]);
    moves[k] = P[k]';
  }
  target += hmm_marginal(emission, moves, rep_vector(1.0 / 3, 3));
}
