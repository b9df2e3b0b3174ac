package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/skein-query/skein/internal/auth"
)

// adminRole makes its members administrators.
const adminRole = "skein_admin"

// userFlags are the flags of skein user's commands.
type userFlags struct {
	file, passwordFile string
	admin              bool
	roles              []string
}

func newUserCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Keep the file of users that skein serve --users reads"}
	var flags userFlags
	cmd.PersistentFlags().StringVar(&flags.file, "users", "", "the file")
	_ = cmd.MarkPersistentFlagRequired("users") // it is there: the line above made it
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, or give one another password",
		Long: `Add a user, or give one that is there another password. The password is asked for,
or is the first line of the standard input or of --password-file; it is never an
argument, which others on the machine could see. What is kept is its argon2id hash.

A server that runs reads the file again by itself.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return addUser(cmd, flags, args[0]) },
	}
	add.Flags().StringVar(&flags.passwordFile, "password-file", "", "file whose first line is the password")
	add.Flags().BoolVar(&flags.admin, "admin", false, "make the user an administrator")
	add.Flags().StringSliceVar(&flags.roles, "role", nil, "role that the user has; may repeat")
	remove := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a user",
		Args:  cobra.ExactArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return removeUser(flags.file, args[0]) },
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the users and their roles",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return listUsers(cmd.OutOrStdout(), flags.file) },
	}
	cmd.AddCommand(add, list, remove)
	return cmd
}

func addUser(cmd *cobra.Command, flags userFlags, name string) error {
	if err := auth.CheckName(name); err != nil {
		return err
	}
	users, err := auth.ReadFile(flags.file)
	if errors.Is(err, fs.ErrNotExist) {
		users, err = map[string]auth.Entry{}, nil
	}
	if err != nil {
		return err
	}
	e, was := users[name]
	if cmd.Flags().Changed("role") || cmd.Flags().Changed("admin") || !was {
		e.Roles = flags.roles
		if flags.admin && !slices.Contains(e.Roles, adminRole) {
			e.Roles = append(e.Roles, adminRole)
		}
	}
	for _, role := range e.Roles {
		if err := auth.CheckName(role); err != nil {
			return fmt.Errorf("--role: %w", err)
		}
	}
	password, err := readPassword(cmd, flags.passwordFile)
	if err != nil {
		return err
	}
	if err := auth.CheckPassword(password); err != nil {
		return err
	}
	e.Name, e.Hash = name, auth.Hash(password)
	users[name] = e
	if err := auth.WriteFile(flags.file, users); err != nil {
		return err
	}
	done := "added"
	if was {
		done = "changed"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "user %s %s\n", name, done)
	return nil
}

// readPassword reads a password from a file, from a terminal twice, or from the first line
// of the standard input.
func readPassword(cmd *cobra.Command, path string) (string, error) {
	if path != "" {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
		defer f.Close()
		return firstLine(f)
	}
	stdin, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(stdin.Fd())) {
		return firstLine(cmd.InOrStdin())
	}
	var twice [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(cmd.ErrOrStderr(), prompt)
		text, err := term.ReadPassword(int(stdin.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", err
		}
		twice[i] = string(text)
	}
	if twice[0] != twice[1] {
		return "", errors.New("the two passwords differ")
	}
	return twice[0], nil
}

// maxLine bounds what is read for a password.
const maxLine = 4096

func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func removeUser(path, name string) error {
	users, err := auth.ReadFile(path)
	if err != nil {
		return err
	}
	if _, ok := users[name]; !ok {
		return fmt.Errorf("there is no user %q in %s", name, path)
	}
	delete(users, name)
	return auth.WriteFile(path, users)
}

func listUsers(out io.Writer, path string) error {
	users, err := auth.ReadFile(path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(users)) {
		fmt.Fprintln(out, strings.TrimSpace(name+" "+strings.Join(users[name].Roles, ",")))
	}
	return nil
}
