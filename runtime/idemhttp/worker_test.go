package idemhttp_test

const workerVariable = "IDEMHTTP_TEST_WORKER"

func work(string) {}
