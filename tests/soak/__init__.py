"""The whole platform under everything that can break, walked seam by seam or shaken at random: `infra/bin/soak`."""
