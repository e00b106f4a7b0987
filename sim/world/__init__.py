"""From configuration to the arrays that the kernel runs on."""
