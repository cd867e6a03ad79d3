package redisstore

// ParseURL lets tests read URLs without connecting to what they name.
var ParseURL = parseURL
