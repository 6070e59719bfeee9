%% Accounts and rosters straight into Mnesia, in an ejabberd that runs. The file `accounts` has a term for each user: {Name, [Number]}.
%% A record's fields are in the order of ejabberd 23.01 (ejabberd_auth.hrl, mod_roster.hrl).
-module(fill).
-export([run/2]).

run(Password, Domain) ->
	{ok, Accounts} = file:consult("accounts"),
	[account(User, Contacts, Password, Domain) || {User, Contacts} <- Accounts],
	mnesia:dump_log(),
	ok.

account(User, Contacts, Password, Domain) ->
	mnesia:dirty_write(passwd, {passwd, {User, Domain}, Password}),
	[contact({User, Domain}, Number, Domain) || Number <- Contacts].

contact({User, Host}, Number, Domain) ->
	Digits = integer_to_binary(Number),
	Jid = {<<"user", Digits/binary>>, Domain, <<>>},
	mnesia:dirty_write(roster, {roster, {User, Host, Jid}, {User, Host}, Jid, <<"Friend ", Digits/binary>>, both, none, [], <<>>, []}).
