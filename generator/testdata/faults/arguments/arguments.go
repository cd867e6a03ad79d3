package arguments

//idem:task
type NoKey struct{ ID int }

//idem:task ttl=24h
type OnlyTTL struct{ ID int }

//idem:task key=ID tll=24h
type Unknown struct{ ID int }

//idem:task key=ID onduplicate=skip completely=other =x
type Unknowns struct{ ID int }

//idem:task key=ID ttl=24h ttl=1h
type Again struct{ ID int }

//idem:task key= ttl=
type NoValues struct{ ID int }

//idem:task key ttl
type NoEquals struct{ ID int }

//idem:task key=ID allow-empty=true
type FlagValue struct{ ID int }

//idem:task key = ID
type Spaces struct{ ID int }

//idem:task key="nightly report"
type SplitConstant struct{ ID int }

//idem:task key=A, B, C ttl=1h
type SplitList struct{ A, B, C int }

//idem:task key=ID `prefix=open
type OpenQuote struct{ ID int }

//idem:task key="" ttl=1h
type EmptyConstant struct{ ID int }

//idem:task key='nightly' ttl=1h
type SingleQuotes struct{ ID int }

//idem:task key="nightly",ID
type MixedConstant struct{ ID int }

//idem:task key=ID,"nightly"
type MixedConstant2 struct{ ID int }

//idem:task key=ID ttl=500ms wait=-1s lease=99ms
type OutOfRange struct{ ID int }

//idem:task key=ID ttl=1y wait=soon lease=10
type NotDurations struct{ ID int }

//idem:task key=ID ttl=101w5300w wait=99999999999h lease=20000w
type TooLong struct{ ID int }

//idem:task key=ID on-duplicate=skipp on-error=retry on-crash=never
type NotPolicies struct{ ID int }

//idem:task key=ID version=0 name=a..b prefix=a{b method=Run() wrapper=1st codec=a.b.c
type Malformed struct{ ID int }

//idem:task key=ID version=two `name=a b` `prefix=a b` method=a.b wrapper=_ codec=-
type Malformed2 struct{ ID int }

//idem:task key=ID version=+1
type Malformed3 struct{ ID int }

//idem:task key=ID version=99999999999
type Malformed4 struct{ ID int }

//idem:task key=ID ttl=24h // a comment with "quotes, and ttl=
type Comment struct{ ID int }

//idem:task key=ID, allow-empty
type Trailing struct{ ID int }

//idem:task key=ID prefix="shop"
type Prefix struct{ ID int }

//idem:task key=ID ttl=soon ttl=1h
type TwiceWrong struct{ ID int }

//idem:task ttl=soon nonsense=1 "key=nightly
type UnclosedBesideOthers struct{ ID int }
