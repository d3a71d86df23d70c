// One operation of npm's basic-ftp: PORT OPERATION clear|tls FOLDER.
const [port, operation, security, folder] = process.argv.slice(2);
const fs = require("fs");
const ftp = require(`${folder}/node_modules/basic-ftp`);

const operations = {
    list: async client => (await client.list()).forEach(file => console.log(file.name)),
    get: client => client.downloadTo("down.bin", "body.bin"),
    put: client => client.uploadFrom("up.bin", "new.bin"),
    resume: client => client.downloadTo(fs.createWriteStream("down.bin", { flags: "a" }), "body.bin", fs.statSync("down.bin").size),
    rename: client => client.rename("old name.txt", "new name.txt"),
    mkdir: client => client.ensureDir("made"),
};

(async () => {
    const client = new ftp.Client(30000);
    await client.access({
        host: "127.0.0.1", port: Number(port), user: "test", password: "test1234",
        secure: security === "tls", secureOptions: { rejectUnauthorized: false },
    });
    await operations[operation](client);
    client.close();
})().catch(error => {
    console.error(String(error));
    process.exit(1);
});
