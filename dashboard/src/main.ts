import { mount } from 'svelte';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import { createApp } from './lib/app.svelte.ts';
import Shell from './shell/Shell.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(Shell, { target, props: { app: createApp() } });
