package configurations

type client struct{}

func idem(client) {}
