// Dawid and Skene's annotators; counts[i] has a column for every annotator and label.
data {
  int<lower=1> items;
  matrix[items, 20] counts;
}
parameters {
  simplex[4] share;
  array[5, 4] simplex[4] theta;
}
model {
  matrix[20, 4] log_theta;
  for (a in 1 : 5)
    for (k in 1 : 4) {
      vector[4] alpha = rep_vector(1, 4);
      alpha[k] = 3;
      theta[a, k] ~ dirichlet(alpha);
      log_theta[4 * (a - 1) + 1 : 4 * a, k] = log(theta[a, k]);
    }
  matrix[items, 4] terms = counts * log_theta + rep_matrix(log(share)', items);
  for (i in 1 : items)
    target += log_sum_exp(terms[i]);
}
